import { fileURLToPath } from "node:url";

/** Where peers are installed, and kept between runs. */
export const peersCache: string = fileURLToPath(new URL("../../.cache/peers", import.meta.url));
