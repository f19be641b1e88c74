const PATHS = {
  close: 'M5 5l10 10M15 5L5 15',
  more: 'M4.5 10h.01M10 10h.01M15.5 10h.01',
  send: 'M10 16V4M4.5 9.5L10 4l5.5 5.5',
  down: 'M10 4v12M5 11l5 5 5-5',
  clip: 'M16 9.5l-5.8 5.8a3.5 3.5 0 0 1-5-5L11.5 4a2.3 2.3 0 0 1 3.3 3.3l-6 6a1.1 1.1 0 0 1-1.6-1.6L12.5 6.5',
  smile: 'M17 10a7 7 0 1 1-14 0 7 7 0 0 1 14 0ZM7 12a3.6 3.6 0 0 0 6 0M7.5 8h.01M12.5 8h.01',
  file: 'M5 2.5h6.5L16 7v9.5a1 1 0 0 1-1 1H5a1 1 0 0 1-1-1v-13a1 1 0 0 1 1-1ZM11.5 2.5V7H16',
  star: 'M10 2.8l2.2 4.6 5 .7-3.6 3.5.9 5L10 14.2l-4.5 2.4.9-5L2.8 8.1l5-.7Z',
};

export const Icon = ({ name, size = 20 }: { name: keyof typeof PATHS; size?: number }) => (
  <svg viewBox="0 0 20 20" width={size} height={size} aria-hidden="true">
    <path d={PATHS[name]} {...(name === 'more' && { 'stroke-width': 3 })} />
  </svg>
);
