import { Metadata, status } from "@grpc/grpc-js";

import type { ServiceAnswer } from "../service-answer.ts";
import type { ErrorBody } from "./answer.ts";
import { kmsMethods, type KmsMethod } from "./kms-proto.ts";
import { encodeMessage } from "./proto-codec.ts";
import { grpcNumber, rpcCode } from "./rpc-error.ts";

/** What goes out over gRPC: a message, an error in the trailers, or nothing more on this connection. */
export type GrpcAnswer =
  | { readonly kind: "message"; readonly bytes: Buffer }
  | { readonly kind: "error"; readonly code: number; readonly details: string; readonly metadata: Metadata }
  | { readonly kind: "dropped" };

// How clients read the status of an answer that is not gRPC: https://github.com/grpc/grpc/blob/master/doc/http-grpc-status-mapping.md
const codeOfHttp: Readonly<Record<number, number>> = {
  400: status.INTERNAL,
  401: status.UNAUTHENTICATED,
  403: status.PERMISSION_DENIED,
  404: status.UNIMPLEMENTED,
  429: status.UNAVAILABLE,
  502: status.UNAVAILABLE,
  503: status.UNAVAILABLE,
  504: status.UNAVAILABLE,
};

// The first byte of a number that goes on. (Of a text that is cut off, the protobuf library takes what is there.)
const cutMessage = Buffer.of(0xff);

function withDetails({ error }: ErrorBody, code: number): Metadata {
  const metadata = new Metadata();
  const { message, details = [] } = error;
  if (details.length === 0) return metadata;
  const packed = details.map(({ "@type": typeUrl, ...fields }) => ({
    typeUrl,
    value: encodeMessage(typeUrl.slice(typeUrl.lastIndexOf(".") + 1), fields).toString("base64"),
  }));
  metadata.set("grpc-status-details-bin", encodeMessage("Status", { code, message, details: packed }));
  return metadata;
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

/** Says an answer of the REST API in gRPC, broken ones in the way that comes nearest. */
export function grpcAnswer(method: KmsMethod, answer: ServiceAnswer): GrpcAnswer {
  if (answer.delivery === "reset" || answer.delivery === "cut") return { kind: "dropped" };
  const isJson = (answer.headers?.["content-type"] ?? "").startsWith("application/json");
  if (!isJson) {
    const code = codeOfHttp[answer.status] ?? status.UNKNOWN;
    return { kind: "error", code, details: `Received HTTP status code ${answer.status}`, metadata: new Metadata() };
  }
  const body = parsed(answer.body);
  if (answer.status !== 200) {
    const { error } = body as ErrorBody;
    const code = grpcNumber(rpcCode(error.status) ?? "UNKNOWN");
    return { kind: "error", code, details: error.message, metadata: withDetails({ error }, code) };
  }
  if (answer.body === "") return { kind: "message", bytes: Buffer.alloc(0) };
  return { kind: "message", bytes: body === undefined ? cutMessage : encodeMessage(kmsMethods[method], body) };
}
