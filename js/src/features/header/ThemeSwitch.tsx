/** Light or dark. */
interface Props {
  dark: boolean;
  onToggle: () => void;
}

export function ThemeSwitch({ dark, onToggle }: Props) {
  const label = dark ? "Use the light theme" : "Use the dark theme";
  return (
    <button type="button" className="icon-button" aria-label={label} title={label} onClick={onToggle}>
      <svg viewBox="0 0 20 20" width="18" height="18" aria-hidden="true">
        {dark ? (
          <g fill="none" stroke="currentColor" strokeWidth="1.6" strokeLinecap="round">
            <circle cx="10" cy="10" r="3.4" />
            <path d="M10 2.2v1.6M10 16.2v1.6M2.2 10h1.6M16.2 10h1.6M4.5 4.5l1.1 1.1M14.4 14.4l1.1 1.1M4.5 15.5l1.1-1.1M14.4 5.6l1.1-1.1" />
          </g>
        ) : (
          <path
            d="M16.6 11.9A6.9 6.9 0 0 1 8.1 3.4a6.9 6.9 0 1 0 8.5 8.5Z"
            fill="none"
            stroke="currentColor"
            strokeWidth="1.6"
            strokeLinejoin="round"
          />
        )}
      </svg>
    </button>
  );
}
