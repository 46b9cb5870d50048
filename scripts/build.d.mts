/** @returns whether there was anything to do */
export function bringUpToDate(): Promise<boolean>
