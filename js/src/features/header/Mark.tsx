/** Our mark: a stream that passes a gate. */
export function Mark() {
  return (
    <svg className="mark" viewBox="0 0 32 32" width="26" height="26" aria-hidden="true">
      <rect width="32" height="32" rx="8" className="mark-ground" />
      <path d="M4 20.5h4.5l3-9 4.5 13 4-9.5 2.2 5.5H28" className="mark-line" />
    </svg>
  );
}
