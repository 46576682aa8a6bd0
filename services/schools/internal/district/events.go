package district

// Registered says that a district joined.
type Registered struct{ Name string }

// SchoolRegistered says that a school joined.
type SchoolRegistered struct{ Name, Title string }

// SchoolChanged says that facts of a school changed.
type SchoolChanged struct{ Name, Title string }

// SchoolClosed says that a school closed.
type SchoolClosed struct{ Name string }
