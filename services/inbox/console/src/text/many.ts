/** A number of tickets; one above a thousand that was not counted to its end is "more than 1,000". */
export const many = (count: number): string => (count === 1001 ? '1,000+' : count.toLocaleString('en'));
