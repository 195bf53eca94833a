#pragma once
/// What the routes of policies.cc and policy_life.cc share.
#include "api/policy_life.h"
#include "api/router.h"
#include "api/routes/routes.h"
#include "store/store.h"

#include <initializer_list>
#include <string>
#include <string_view>

namespace takt {

/// Who says so: the header Takt-Author; there are no keys yet, so it is believed. "api" where nothing is said.
std::string author_of(const HttpRequest& http);
/// {"note","author","at","replaces"}, of which this endpoint takes `fields`; an empty body is {}. Errors: invalid with pointers.
Result<Publishing> publishing_of(const HttpRequest& http, std::initializer_list<std::string_view> fields);
/// {"version":12} with its ETag, or the problem.
HttpResponse published_answer(Result<std::uint64_t> version);
/// "12", "current", "draft" or "scheduled-3". Errors: not_found.
Result<Document> policy_named(App& app, const std::string& name);

void add_policy_life_routes(Router& router, const Service& service);

} // namespace takt
