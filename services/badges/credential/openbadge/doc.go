// Package openbadge builds, checks and issues Open Badges 3.0 whose subject is a school, endorsements of
// them, and the learner records (CLR 2.0) that embed them.
//
// Build, BuildEndorsement and BuildCLR turn what is to be said into a credential document, and
// Engine.Issue signs it. Check tells every rule that somebody's document breaks: those of the
// Verifiable Credentials Data Model (package vc), the classes and fields of Open Badges and CLR in one
// table (model.go), and what ties them together (meaning.go). CheckSchema walks the same table with
// the verdict of the JSON schema that 1EdTech publishes.
//
// Neighbors: package dataintegrity signs, keys and contexts come from the packages of these names, and
// package verifier puts the whole verification into words. Nothing here needs a network or a database.
package openbadge
