// A payload codec that asks the service's codec server: what Temporal keeps is sealed, and the keys stay there.

import type { Payload, PayloadCodec } from "@temporalio/common";

type Json = { metadata?: Record<string, string>; data?: string };

const base64 = (bytes: Uint8Array | null | undefined) => Buffer.from(bytes ?? []).toString("base64");
const bytes = (text: string | undefined) => new Uint8Array(Buffer.from(text ?? "", "base64"));
const mapped = <A, B>(of: Record<string, A> | null | undefined, change: (value: A) => B) =>
  Object.fromEntries(Object.entries(of ?? {}).map(([name, value]) => [name, change(value)]));

export class RemoteCodec implements PayloadCodec {
  readonly #endpoint: string;
  readonly #token: () => string;
  readonly #namespace: string;

  // `token` is asked before each call: a token ends.
  constructor(endpoint: string, token: () => string, namespace = "default") {
    this.#endpoint = endpoint;
    this.#token = token;
    this.#namespace = namespace;
  }

  encode(payloads: Payload[]): Promise<Payload[]> {
    return this.#ask("encode", payloads);
  }

  decode(payloads: Payload[]): Promise<Payload[]> {
    return this.#ask("decode", payloads);
  }

  async #ask(what: "encode" | "decode", payloads: Payload[]): Promise<Payload[]> {
    const answer = await fetch(`${this.#endpoint}/${what}`, {
      method: "POST",
      headers: {
        "Content-Type": "application/json",
        "X-Namespace": this.#namespace,
        Authorization: `Bearer ${this.#token()}`,
      },
      body: JSON.stringify({
        payloads: payloads.map((one) => ({ metadata: mapped(one.metadata, base64), data: base64(one.data) })),
      }),
    });
    if (!answer.ok) throw new Error(`codec server: ${answer.status} ${await answer.text()}`);
    const { payloads: changed = [] } = (await answer.json()) as { payloads?: Json[] };
    return changed.map((one) => ({ metadata: mapped(one.metadata, bytes), data: bytes(one.data) }));
  }
}
