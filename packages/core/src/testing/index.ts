// The conformance suite.
export const conformance = undefined;
