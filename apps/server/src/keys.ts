/** Keys of a data folder, for whoever makes and revokes them beside a running server. */
export { type CreatedKey, type KeyRecord, KeysError, type NewKey } from "./keys/Keys.ts"
export { type OpenKeys, openKeys } from "./keys/openKeys.ts"
export { databaseFile } from "./store/DataFolder.ts"
export { NoDatabase } from "@tenterhook/postgres"
