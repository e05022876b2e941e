// Reads one JSON object a line ({op: "start" | "decide" | "tell" | "ask", ...}) and answers each with one line.

import { createInterface } from "node:readline";
import { Contract } from "./contract.ts";
import { type Application, Door, Refused } from "./door.ts";

const [contract, address, taskQueue] = process.argv.slice(2);
const door = await Door.open(new Contract(contract!), address!, taskQueue!);
let application: Application | undefined;

for await (const line of createInterface({ input: process.stdin })) {
  const asked = JSON.parse(line);
  let answer: unknown;
  try {
    if (asked.op === "start") {
      application = await door.start(asked.input);
      answer = { id: application.handle.workflowId };
    } else if (asked.op === "decide") {
      answer = await application!.decide(asked.body);
    } else if (asked.op === "tell") {
      await application!.tell(asked.body);
      answer = null;
    } else {
      answer = await application!.ask(asked.query);
    }
  } catch (error) {
    answer = error instanceof Refused ? { refused: error.refusal } : { error: String(error) };
  }
  console.log(JSON.stringify(answer));
}
await door.close();
