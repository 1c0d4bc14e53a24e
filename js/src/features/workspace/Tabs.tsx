/** The views there are, and the one shown; arrow keys move between them. */
import { useRef, type KeyboardEvent } from "react";
import type { View } from "./views";

interface Props {
  views: View[];
  chosen: string;
  onChoose: (key: string) => void;
}

export function Tabs({ views, chosen, onChoose }: Props) {
  const strip = useRef<HTMLDivElement>(null);
  const move = (event: KeyboardEvent): void => {
    const at = views.findIndex((view) => view.key === chosen);
    const to = target(event.key, at, views.length);
    const view = to === undefined ? undefined : views[to];
    if (!view) return;
    event.preventDefault();
    onChoose(view.key);
    strip.current?.querySelectorAll("button")[to ?? 0]?.focus();
  };
  return (
    <div className="tabs" role="tablist" aria-label="Tables" ref={strip} onKeyDown={move}>
      {views.map(({ key, label }) => (
        <button
          key={key}
          type="button"
          role="tab"
          className="tab"
          aria-selected={key === chosen}
          tabIndex={key === chosen ? 0 : -1}
          onClick={() => {
            onChoose(key);
          }}
        >
          {label}
        </button>
      ))}
    </div>
  );
}

function target(key: string, at: number, count: number): number | undefined {
  if (key === "ArrowRight") return (at + 1) % count;
  if (key === "ArrowLeft") return (at - 1 + count) % count;
  if (key === "Home") return 0;
  if (key === "End") return count - 1;
  return undefined;
}
