// The published contract, and nothing else, as this program knows the service: names and JSON Schemas.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import formats from "ajv-formats";

export type Json = Record<string, any>;

export class Contract {
  readonly folder: string;
  readonly index: Json;
  readonly application: Json;
  readonly #ajv = new Ajv2020({ strict: false, allErrors: true });
  readonly #known = new Map<string, ValidateFunction>();

  constructor(folder: string) {
    this.folder = folder;
    this.index = JSON.parse(readFileSync(join(folder, "index.json"), "utf-8"));
    this.application = this.index.workflows.ApplicationWorkflow;
    (formats as any)(this.#ajv);
  }

  workflowId(fields: Record<string, string>): string {
    return this.application.workflow_id.replace(/\{(\w+)\}/g, (_: string, name: string) => fields[name]);
  }

  // Throws when `body` does not follow the schema; gives it back otherwise.
  check<T>(file: string, body: T): T {
    let valid = this.#known.get(file);
    if (valid === undefined) {
      valid = this.#ajv.compile(JSON.parse(readFileSync(join(this.folder, file), "utf-8")));
      this.#known.set(file, valid);
    }
    if (!valid(body)) {
      throw new Error(`${file}: ${this.#ajv.errorsText(valid.errors)} in ${JSON.stringify(body)}`);
    }
    return body;
  }
}
