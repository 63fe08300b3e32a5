/** How a place on a surface stands. */
export interface PlaceState {
  /** How often somebody began anew there. */
  readonly generation: number;
  /** What answers there instead of the agent's own model; '' for none. */
  readonly model: string;
}

/** A place in which no command was given yet. */
export const untouchedPlace: PlaceState = { generation: 0, model: '' };
