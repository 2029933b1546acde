// Powertools for AWS Lambda (TypeScript) in the idempotency bench: events through its protocol, one after the other.
//
// For each line `FIRST COUNT` on standard input, one line of JSON. The table is the first argument.

import { createInterface } from 'node:readline';
import { IdempotencyConfig, makeIdempotent } from '@aws-lambda-powertools/idempotency';
import { DynamoDBPersistenceLayer } from '@aws-lambda-powertools/idempotency/dynamodb';

const config = new IdempotencyConfig({ eventKeyJmesPath: 'order', payloadValidationJmesPath: 'note' });
config.registerLambdaContext({ getRemainingTimeInMillis: () => 30_000 });
const persistenceStore = new DynamoDBPersistenceLayer({ tableName: process.argv[2] });
let ran = 0;

const work = makeIdempotent(
  async (event) => {
    ran += 1;
    return { receipt: event.order, text: 'y'.repeat(100) };
  },
  { persistenceStore, config },
);

for await (const line of createInterface({ input: process.stdin })) {
  const [first, count] = line.split(' ').map(Number);
  ran = 0;
  const [start, cpu] = [performance.now(), process.cpuUsage()];
  for (let number = first; number < first + count; number += 1) {
    await work({ order: `order-${String(number).padStart(8, '0')}`, note: 'x'.repeat(200) });
  }
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  console.log(JSON.stringify({ seconds, cpu_seconds: (user + system) / 1e6, ran }));
}
