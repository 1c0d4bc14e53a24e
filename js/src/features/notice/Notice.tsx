/** What stands in the middle of the page when there is nothing to show yet: what is missing, and what to do. */
import type { ReactNode } from "react";

interface Props {
  title: string;
  children: ReactNode;
  code?: string;
}

export function Notice({ title, children, code }: Props) {
  return (
    <section className="notice">
      <h2>{title}</h2>
      {children}
      {code && (
        <pre>
          <code>{code}</code>
        </pre>
      )}
    </section>
  );
}
