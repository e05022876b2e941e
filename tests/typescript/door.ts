// One application over Temporal's TypeScript client. What is sent and what is answered is held against the schemas.

import { Client, Connection, WorkflowUpdateFailedError, type WorkflowHandle } from "@temporalio/client";
import { RemoteCodec } from "./codec.ts";
import { Contract, type Json } from "./contract.ts";

export class Refused extends Error {
  readonly refusal: Json;

  constructor(refusal: Json) {
    super(refusal.rule.en);
    this.refusal = refusal;
  }
}

export class Door {
  readonly contract: Contract;
  readonly client: Client;
  readonly taskQueue: string;

  constructor(contract: Contract, client: Client, taskQueue: string) {
    this.contract = contract;
    this.client = client;
    this.taskQueue = taskQueue;
  }

  static async open(contract: Contract, address: string, taskQueue: string): Promise<Door> {
    const connection = await Connection.connect({ address });
    const codec = new RemoteCodec(process.env.CODEC!, () => process.env.TOKEN!);
    return new Door(contract, new Client({ connection, dataConverter: { payloadCodecs: [codec] } }), taskQueue);
  }

  async start(input: Json): Promise<Application> {
    const workflowId = this.contract.workflowId(input as Record<string, string>);
    this.contract.check(this.contract.application.start, input);
    const handle = await this.client.workflow.start("ApplicationWorkflow", {
      taskQueue: this.taskQueue,
      workflowId,
      args: [input],
      workflowIdConflictPolicy: "USE_EXISTING",
      workflowIdReusePolicy: "ALLOW_DUPLICATE_FAILED_ONLY",
    });
    return new Application(this.contract, handle);
  }

  async close(): Promise<void> {
    await this.client.connection.close();
  }
}

export class Application {
  readonly contract: Contract;
  readonly handle: WorkflowHandle;

  constructor(contract: Contract, handle: WorkflowHandle) {
    this.contract = contract;
    this.handle = handle;
  }

  // Sends a command and gives its receipt. Throws `Refused` with the refusal.
  async decide(body: Json, { unchecked = false } = {}): Promise<Json> {
    if (!unchecked) this.#check(body);
    try {
      const receipt = (await this.handle.executeUpdate(body.kind, { args: [body] })) as Json;
      return this.contract.check(this.contract.application.receipt, receipt);
    } catch (error) {
      const cause = error instanceof WorkflowUpdateFailedError ? (error.cause as any) : undefined;
      if (cause?.type !== this.contract.index.refusal.error_type) throw error;
      throw new Refused(this.contract.check(this.contract.index.refusal.schema, cause.details[0]));
    }
  }

  // Hands a command over without waiting; what is refused stands in the query `refused`.
  async tell(body: Json): Promise<void> {
    this.#check(body);
    await this.handle.signal(body.kind, body);
  }

  async ask(query: string): Promise<any> {
    return this.contract.check(this.contract.application.queries[query], await this.handle.query(query));
  }

  async until(holds: (state: Json) => boolean, what: string): Promise<Json> {
    for (let tries = 0; tries < 600; tries++) {
      const state = await this.ask("state");
      if (holds(state)) return state;
      await new Promise((wake) => setTimeout(wake, 50));
    }
    throw new Error(`${this.handle.workflowId}: never ${what}`);
  }

  #check(body: Json): void {
    this.contract.check(this.contract.application.commands[body.kind].schema, body);
  }
}
