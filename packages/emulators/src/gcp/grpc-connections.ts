import type { Socket } from "node:net";

import {
  type handleUnaryCall,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type ServiceDefinition,
  status,
  type UntypedServiceImplementation,
} from "@grpc/grpc-js";

import { type GrpcAnswer, grpcAnswer } from "./grpc-answer.ts";
import { kmsMethods, type KmsMethod } from "./kms-proto.ts";
import type { Message } from "./message-shape.ts";
import { decodeMessage } from "./proto-codec.ts";
import { RpcRefusal } from "./rpc-error.ts";
import { type KmsService, resourceOf } from "./service.ts";

/** Speaks gRPC on sockets that someone else accepted. */
export interface GrpcConnections {
  accept(socket: Socket): void;
  close(): void;
}

/** What a method needs besides its name. */
export interface GrpcParts {
  readonly service: KmsService;
  /** Whether a request for this `:authority` is for this server. */
  readonly isOurs: (host: string) => boolean;
  /** Ends the connection that a call came on, by its `address:port`. */
  readonly drop: (peer: string) => void;
}

const methods = Object.keys(kmsMethods) as KmsMethod[];
const same = (bytes: Buffer): Buffer => bytes;

// Messages pass as bytes, so that an answer can be one that does not parse.
const definition: ServiceDefinition = Object.fromEntries(
  methods.map((method) => [
    method,
    {
      path: `/google.cloud.kms.v1.KeyManagementService/${method}`,
      requestStream: false,
      responseStream: false,
      requestSerialize: same,
      requestDeserialize: same,
      responseSerialize: same,
      responseDeserialize: same,
    },
  ]),
);

function readRequest(method: KmsMethod, bytes: Buffer, params: string): Message {
  let message: Message;
  try {
    message = decodeMessage(`${method}Request`, bytes);
  } catch {
    throw new RpcRefusal("INTERNAL", "The request message could not be parsed.");
  }
  assertRouted(resourceOf(message), params);
  return message;
}

/** The service finds a location by a header that clients write from the request: https://cloud.google.com/kms/docs/grpc */
function assertRouted(resource: string, params: string): void {
  const location = locationOf(resource);
  const routed = [...new URLSearchParams(params).values()].map(locationOf).find((named) => named !== undefined) ?? "global";
  if (location === undefined || location === routed) return;
  throw new RpcRefusal(
    "NOT_FOUND",
    `The request concerns location '${location}' but was sent to location '${routed}'. ` +
      `Either Cloud KMS is not available in '${location}' or the request was misrouted. gRPC clients must ensure that ` +
      "'x-goog-request-params' is specified in request metadata. See https://cloud.google.com/kms/docs/grpc for more information.",
  );
}

function locationOf(name: string): string | undefined {
  return /^projects\/[^/]+\/locations\/([^/]+)/.exec(name)?.[1];
}

async function answerCall(service: KmsService, method: KmsMethod, call: ServerUnaryCall<Buffer, Buffer>): Promise<GrpcAnswer> {
  const answer = await service({
    method,
    authorization: call.metadata.get("authorization")[0]?.toString(),
    read: () => readRequest(method, call.request, call.metadata.get("x-goog-request-params")[0]?.toString() ?? ""),
    write: (message) => message,
  });
  return grpcAnswer(method, answer);
}

function handler(method: KmsMethod, { service, isOurs, drop }: GrpcParts): handleUnaryCall<Buffer, Buffer> {
  return (call, reply) => {
    if (!isOurs(call.getHost())) {
      reply({ code: status.PERMISSION_DENIED, details: "This server answers to its loopback address only." });
      return;
    }
    const deliver = (answer: GrpcAnswer): void => {
      if (answer.kind === "dropped") drop(call.getPeer());
      else if (answer.kind === "message") reply(null, answer.bytes);
      else reply(answer);
    };
    answerCall(service, method, call).then(deliver, () => reply({ code: status.INTERNAL, details: "The emulator failed." }));
  };
}

/** The gRPC transport of the service. */
export function grpcConnections(parts: GrpcParts): GrpcConnections {
  const server = new Server();
  const handlers: UntypedServiceImplementation = Object.fromEntries(methods.map((method) => [method, handler(method, parts)]));
  server.addService(definition, handlers);
  const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
  return {
    accept: (socket) => injector.injectConnection(socket),
    close: () => server.forceShutdown(),
  };
}
