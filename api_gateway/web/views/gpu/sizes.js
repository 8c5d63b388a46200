/** Heights in a timeline, in px. */
export const HOLD = { top: 18, height: 34 };
export const WAIT_TOP = 76;
export const WAIT = { height: 8 };
export const WAIT_STEP = 12;
export const AXIS_HEIGHT = 24;

/** Maximum distance between the pointer and the span that it selects, in px. */
export const NEAR = 8;
