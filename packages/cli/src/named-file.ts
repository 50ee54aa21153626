/** A file, and what the person calls it: messages use their words. */
export interface NamedFile {
  /** Absolute. */
  readonly path: string;
  /** As it was given. */
  readonly name: string;
}
