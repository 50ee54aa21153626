import { memoryDataKeyStore } from "../src/data-key-store.ts";
import { dataKeyStoreSuite } from "./store-suite.ts";

dataKeyStoreSuite("in memory", memoryDataKeyStore);
