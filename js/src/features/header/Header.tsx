/** Who this is, how it is, and where else to go. */
import type { ReactNode } from "react";
import { Mark } from "./Mark";

interface Props {
  title: string;
  version: string;
  links: { label: string; href: string }[];
  /** The connection's state. */
  status: ReactNode;
  /** Buttons at the far end. */
  actions: ReactNode;
}

export function Header({ title, version, links, status, actions }: Props) {
  return (
    <header className="header">
      <Mark />
      <h1 className="header-title">{title}</h1>
      {version && <span className="header-version">{version}</span>}
      <div className="header-status">{status}</div>
      <nav className="header-links" aria-label="API">
        {links.map(({ label, href }) => (
          <a key={label} href={href}>
            {label}
          </a>
        ))}
      </nav>
      {actions}
    </header>
  );
}
