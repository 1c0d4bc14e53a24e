/** One line over the tables when something is not as it should be, and what to do about it. */
import type { ReactNode } from "react";

interface Props {
  children: ReactNode;
  action: string;
  onAction: () => void;
}

export function Banner({ children, action, onAction }: Props) {
  return (
    <div className="banner" role="alert">
      <p>{children}</p>
      <button type="button" className="button" onClick={onAction}>
        {action}
      </button>
    </div>
  );
}
