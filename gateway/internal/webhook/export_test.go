package webhook

// Sign is for the test with the standard's vector.
var Sign = sign
