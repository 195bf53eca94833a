// Values held against schemas of an OpenAPI document. usage: validate.cjs NODE_MODULES DOCUMENT < [[name, pointer of the schema, value], …]
// Prints what does not fit, as a list of texts.
"use strict";
const fs = require("fs");
const path = require("path");
const [, , modules, file] = process.argv;
const Ajv = require(path.join(modules, "ajv/dist/2020")).default;
const formats = require(path.join(modules, "ajv-formats")).default;

const ajv = new Ajv({ strict: false, allErrors: true, validateSchema: false });
formats(ajv);
ajv.addSchema(JSON.parse(fs.readFileSync(file, "utf8")), "takt");
const escaped = pointer => pointer.split("/").map(encodeURIComponent).join("/");
const wrong = [];
for (const [name, pointer, value] of JSON.parse(fs.readFileSync(0, "utf8"))) {
  const check = ajv.getSchema(`takt#${escaped(pointer)}`);
  if (!check) wrong.push(`${name}: there is no schema ${pointer}`);
  else if (!check(value)) wrong.push(`${name}: ${ajv.errorsText(check.errors.slice(0, 5))} in ${JSON.stringify(value).slice(0, 500)}`);
}
console.log(JSON.stringify(wrong));
