/** What one answers to an invitation oneself (RFC 8984, section 4.4.6, `participationStatus`). */

export const GIVEN = ['accepted', 'tentative', 'declined'] as const
export type Given = (typeof GIVEN)[number]
