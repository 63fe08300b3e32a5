export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan';

/** Gives a text a look, where the terminal has any. */
export type Paint = (style: Style, text: string) => string;
