/** The heights of a timeline, px. */
export const HOLD = { top: 18, height: 34 };
export const WAIT_TOP = 76;
export const WAIT = { height: 8 };
export const WAIT_STEP = 12;
export const AXIS_HEIGHT = 24;

/** How far the pointer may be from what it means. */
export const NEAR = 8;
