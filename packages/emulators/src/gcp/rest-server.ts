import type { CallLog } from "../call-log.ts";
import type { LoopbackRequest } from "../loopback-server.ts";
import type { ServiceAnswer } from "../service-answer.ts";
import { kmsMethods } from "./kms-proto.ts";
import type { Message } from "./message-shape.ts";
import { readJson, withEnumNumbers } from "./proto-json.ts";
import { findRoute, type RestRoute } from "./rest-routes.ts";
import { refusals } from "./rpc-error.ts";
import type { KmsService } from "./service.ts";

const notFound: ServiceAnswer = {
  status: 404,
  headers: { "content-type": "text/html; charset=UTF-8" },
  body: "<!DOCTYPE html><html lang=en><title>Error 404 (Not Found)!!1</title><p>The requested URL was not found on this server.</html>\n",
};

function parseBody(body: Uint8Array): unknown {
  try {
    const text = Buffer.from(body).toString("utf8");
    // The SDK writes a message without fields as an empty string.
    return text === "" || text === '""' ? {} : JSON.parse(text);
  } catch {
    throw refusals.invalid("Invalid JSON payload received. Unable to parse it.");
  }
}

// Parameters of the whole API, not of a message: https://cloud.google.com/apis/docs/system-parameters
const systemParameter = /^\$|^(?:alt|prettyPrint|key|quotaUser|fields)$/;

function readRequest(request: LoopbackRequest, route: RestRoute, name: string, query: URLSearchParams): Message {
  const fromQuery = [...query].filter(([parameter]) => !systemParameter.test(parameter));
  const body = route.bodyField === undefined ? {} : parseBody(request.body);
  const message: Record<string, unknown> =
    route.bodyField === undefined || route.bodyField === "*"
      ? { ...Object.fromEntries(fromQuery), ...readObject(body) }
      : { ...Object.fromEntries(fromQuery), [route.bodyField]: body };
  const [outer = "", inner] = route.pathField.split(".");
  message[outer] = inner === undefined ? name : { ...readObject(message[outer]), [inner]: name };
  return readJson(`${route.method}Request`, message);
}

function readObject(value: unknown): object {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw refusals.invalid("Invalid JSON payload received. Expected an object.");
  }
  return value;
}

/** The REST transport of the service. What is no route of it is logged too. */
export function restServer(service: KmsService, calls: CallLog): (request: LoopbackRequest) => Promise<ServiceAnswer> {
  return async (request) => {
    const found = findRoute(request.method, request.path);
    if (found === undefined) {
      calls.arrived("unknown")({ keyId: undefined, status: notFound.status, errorName: undefined });
      return notFound;
    }
    const { route, name } = found;
    const query = new URLSearchParams(request.query);
    const numbers = (query.get("$alt") ?? query.get("alt") ?? "").includes("enum-encoding=int");
    return service({
      method: route.method,
      authorization: request.headers["authorization"],
      read: () => readRequest(request, route, name, query),
      write: (message) => (numbers ? withEnumNumbers(kmsMethods[route.method], message) : message),
    });
  };
}
