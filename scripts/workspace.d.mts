export declare const root: string
export declare const within: (...path: ReadonlyArray<string>) => string
export declare const node: string
export declare const pnpm: () => ReadonlyArray<string>
export declare const run: (
  command: ReadonlyArray<string>,
  options?: { readonly capture?: boolean }
) => Promise<{ readonly code: number; readonly said: string }>
