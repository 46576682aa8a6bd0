{{/* Name of the program's objects, at most 52 characters: a StatefulSet adds to it. */}}
{{- define "tandem.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 52 | trimSuffix "-" -}}
{{- else if contains (include "tandem.name" .) .Release.Name -}}
{{- .Release.Name | trunc 52 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "tandem.name" .) | trunc 52 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "tandem.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 52 | trimSuffix "-" -}}
{{- end -}}

{{/* Labels by which pods are found. They never change in an upgrade. */}}
{{- define "tandem.selectorLabels" -}}
app.kubernetes.io/name: {{ include "tandem.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "tandem.labels" -}}
{{ include "tandem.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{- define "tandem.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ default .Chart.AppVersion .Values.image.tag }}
{{- end -}}
{{- end -}}

{{/* What the schema cannot say: it would refuse the chart's own defaults. */}}
{{- define "tandem.publicUrl" -}}
{{- required "publicUrl is required: the https address that people and verifiers use, e.g. --set publicUrl=https://badges.example.org" .Values.publicUrl | trimSuffix "/" -}}
{{- end -}}

{{- define "tandem.host" -}}
{{- regexReplaceAll ":[0-9]+$" (urlParse (include "tandem.publicUrl" .)).host "" -}}
{{- end -}}

{{/* What encrypts the keys of issuers, the first of several for new ones. */}}
{{- define "tandem.issuerKeeper" -}}
{{- $path := ternary "/etc/tandem/issuer-keeper/keeper.key" "" (not (empty .Values.issuerKeeper.secretName)) -}}
{{- list .Values.issuerKeeper.url $path | compact | join "," -}}
{{- end -}}
