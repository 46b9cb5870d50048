/** What is wrong with a workbook; container.ts makes an error of the table of it. */
export class WorkbookFault extends Error {}
