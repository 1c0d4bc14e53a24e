/** The tables: the viewer, on the stage it needs. */
import { useEffect, useRef } from "react";
import type { Session } from "./session";
import { stage, type Stage } from "./stage";
import type { View } from "./views";

interface Props {
  session: Session;
  view: View;
  dark: boolean;
  /** Whether what is shown is no longer live. */
  stale: boolean;
  onProblem: (problem: unknown) => void;
}

export function Workspace({ session, view, dark, stale, onProblem }: Props) {
  const host = useRef<HTMLDivElement>(null);
  const actor = useRef<Stage>(null);
  const listener = useRef(onProblem);

  useEffect(() => {
    listener.current = onProblem;
  });
  useEffect(() => {
    if (!host.current) return;
    actor.current = stage(host.current, dark, (problem) => {
      listener.current(problem);
    });
    return () => {
      actor.current?.clear();
    };
    // The stage lives as long as the element; the theme and the views reach it below.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, []);
  useEffect(() => {
    actor.current?.show(session, view);
  }, [session, view]);
  useEffect(() => {
    actor.current?.setDark(dark);
  }, [dark]);

  return <div ref={host} className="workspace" data-stale={stale} aria-busy={stale} />;
}
