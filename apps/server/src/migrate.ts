/** From a data folder to Postgres, for whoever runs `tenterhook migrate`. */
export { moveFolder, type Moved, type MoveOptions } from "./migrate/moveFolder.ts"
export { FolderMoved } from "./migrate/moved.ts"
export { MoveRefused } from "./migrate/MoveRefused.ts"
