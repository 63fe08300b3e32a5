/** USD of a price in micro-USD per million: `2.5`, `0.003625`; exact, without zeros at the end. */
export function usdPerMillion(price: number): string {
  return decimal(price, 6);
}

/** USD for one piece, of a price in micro-USD per million pieces: `0.01`. */
export function usdPerPiece(price: number): string {
  return decimal(price, 12);
}

function decimal(value: number, digits: number): string {
  const text = String(value).padStart(digits + 1, '0');
  const fraction = text.slice(-digits).replace(/0+$/, '');
  return `${text.slice(0, -digits)}${fraction === '' ? '' : `.${fraction}`}`;
}
