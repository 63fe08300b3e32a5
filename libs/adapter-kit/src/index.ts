export { plain, type Formatted, type Span, type SpanStyle } from './formatted.js';
export type { IncomingFile, OutgoingFile, Piece, Place, PlaceContext, PostOptions, Surface, SurfaceCapabilities, SurfaceMessage } from './surface.js';
