/** An answer with a status that is not 2xx. Named like the fields of the SDK's `OciError`, so that one table reads both. */
export class OciRefusal extends Error {
  readonly statusCode: number;
  /** The service's own word, such as `NotAuthorizedOrNotFound`; "None" when what answered is not the service. */
  readonly serviceCode: string;
  readonly opcRequestId: string | null;
  readonly retryAfter: string | null;
  /** The same credentials have been accepted before. */
  readonly credentialsWorked: boolean;

  constructor({ status, headers }: Response, body: unknown, credentialsWorked: boolean) {
    const { code, message } = body instanceof Object ? (body as { readonly code?: unknown; readonly message?: unknown }) : {};
    super(typeof message === "string" ? message : "");
    this.name = "OciRefusal";
    this.statusCode = status;
    this.serviceCode = typeof code === "string" ? code : "None";
    this.opcRequestId = headers.get("opc-request-id");
    this.retryAfter = headers.get("retry-after");
    this.credentialsWorked = credentialsWorked;
  }
}
