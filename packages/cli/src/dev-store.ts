/** The registry's store of a `cmkit dev`, beside its other files. */
export const devStoreName = "cmkit.dev.db";
