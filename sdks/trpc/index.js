// Types alone: see index.d.ts.
export {};
