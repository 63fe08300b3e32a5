/** Lines of a CSV file (RFC 4180): a cell that holds a comma, a quote or a line break stands in quotes. */
export function csvLines(header: readonly string[], rows: readonly (readonly string[])[]): string[] {
  return [header, ...rows].map((row) => row.map(cell).join(','));
}

function cell(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
