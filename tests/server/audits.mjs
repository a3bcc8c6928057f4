// Runs the GraphQL-over-HTTP conformance audits of npm's graphql-http against a running endpoint.
//
//   npm install graphql-http graphql     (anywhere; node resolves packages from the working folder)
//   node tests/server/audits.mjs http://127.0.0.1:8000/graphql
//
// Prints each audit that is not ok and the counts; exits 1 on any error or warning. Notices are
// things a server MAY do: the three about GET come from requiring a preflight header there.
import { createRequire } from 'node:module';
import { join } from 'node:path';

const url = process.argv[2];
if (!url) {
  console.error('usage: node audits.mjs URL');
  process.exit(2);
}
const { serverAudits } = createRequire(join(process.cwd(), 'package.json'))('graphql-http');
const counts = { ok: 0, notice: 0, warn: 0, error: 0 };
for (const audit of serverAudits({ url })) {
  const result = await audit.fn();
  counts[result.status] += 1;
  if (result.status !== 'ok') {
    console.log(`${result.status} ${audit.id} ${audit.name}: ${result.reason}`);
  }
}
console.log(JSON.stringify(counts));
process.exit(counts.error + counts.warn > 0 ? 1 : 0);
