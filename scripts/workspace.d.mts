export declare const root: string
export declare const within: (...path: ReadonlyArray<string>) => string
export declare const node: string
