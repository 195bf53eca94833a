#pragma once
/// Models of fifty items in which every part of an artefact has something: what is saved, damaged and read again in tests.
#include "engine/models.h"

namespace takt::test {

void fill_small_models(Models& models, SymbolTable& symbols);

} // namespace takt::test
