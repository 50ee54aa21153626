import { CliError, errorCode } from "./cli-error.ts";
import { startDev } from "./registry-advice.ts";

/** A request that nobody answered. */
export class NoAnswer extends CliError {}

/** What a failed request means for the person at the terminal. */
export function networkFailure(error: unknown, url: URL, kind: "server" | "dev"): NoAnswer {
  const reasons = reasonsOf(error);
  const [what, next] = failures.find(({ codes }) => reasons.some((reason) => codes.test(reason)))?.words(url) ?? [
    `The connection to ${url.host} failed (${reasons[0] ?? "no reason given"}).`,
    "Try again; see --url, and the network between here and there.",
  ];
  return new NoAnswer("refused", what, kind === "dev" ? startDev : next);
}

/** The codes and names of an error and of its cause, where `fetch` and an ended wait keep what happened. */
function reasonsOf(error: unknown): string[] {
  const chain = error instanceof Error ? [error.cause, error].filter((each) => each instanceof Error) : [];
  return [...chain.flatMap((each) => errorCode(each) ?? []), ...chain.map(({ name }) => name)].filter((reason) =>
    /^\w{1,64}$/.test(reason),
  );
}

interface Failure {
  readonly codes: RegExp;
  readonly words: (url: URL) => readonly [what: string, next: string];
}

const failures: readonly Failure[] = [
  {
    codes: /^ECONNREFUSED$/,
    words: ({ host }) => [`No server listens on ${host}.`, "Start it with `cmkit serve`, or give its address with --url."],
  },
  {
    codes: /^(?:ENOTFOUND|EAI_AGAIN|EAI_NODATA|EAI_NONAME)$/,
    words: ({ hostname }) => [
      `There is no host ${hostname}, as far as is known here.`,
      "See the spelling of --url, and the network.",
    ],
  },
  {
    codes: /^(?:TimeoutError|UND_ERR_CONNECT_TIMEOUT|UND_ERR_HEADERS_TIMEOUT|UND_ERR_BODY_TIMEOUT|ETIMEDOUT)$/,
    words: ({ host }) => [`${host} does not answer in time.`, "Try again; see --url, and whether a firewall is in between."],
  },
  {
    codes: /^(?:EHOSTUNREACH|ENETUNREACH|ENETDOWN)$/,
    words: ({ host }) => [`${host} cannot be reached from here.`, "See the network, and --url."],
  },
  {
    codes: /^(?:ERR_SSL_WRONG_VERSION_NUMBER|ERR_SSL_PACKET_LENGTH_TOO_LONG|EPROTO|ERR_SSL_\w+)$/,
    words: ({ host }) => [
      `${host} does not speak TLS as it should.`,
      "If it is a server on this machine without TLS, its --url begins with http://.",
    ],
  },
  {
    codes: /^(?:ERR_TLS_\w+|CERT_\w+|DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_\w+)$/,
    words: ({ host }) => [
      `The certificate of ${host} cannot be trusted here.`,
      "See that --url has the name in it; for an authority of your own, set NODE_EXTRA_CA_CERTS to its file.",
    ],
  },
  {
    codes: /^(?:ECONNRESET|UND_ERR_SOCKET|EPIPE|HPE_\w+)$/,
    words: ({ host }) => [
      `${host} ended the connection without an answer.`,
      "Try again; see whether it is a cmkit server, and whether its --url begins with https://.",
    ],
  },
];
