package act

import (
	"encoding/json"
	"fmt"
	"reflect"
)

// kinds are all acts there are, each once: what was done can be written down by
// the name of its kind, and read again.
var kinds = []Act{
	Accept{},
	Acknowledge{},
	AnswerHandOver{},
	HandOver{},
	AddCoverage{},
	AddEmployer{},
	AddHandoffKey{},
	Admit{},
	AddProgramme{},
	EnableProgramme{},
	AdoptTerms{},
	AnswerTicket{},
	AskDetails{},
	AskAttest{},
	AskEmployment{},
	AskErasure{},
	AskMatch{},
	Book{},
	BookSession{},
	Cancel{},
	Certify{},
	Choose{},
	ChooseCoverage{},
	ChooseWay{},
	CheckEmployment{},
	EndEmployment{},
	NameEmployer{},
	ImportRoster{},
	FinishRoster{},
	DropRoster{},
	LookUpRoster{},
	ClaimBenefit{},
	ConfirmClock{},
	ConfirmCrisis{},
	ConfirmErasure{},
	Correct{},
	CorrectCharge{},
	Credential{},
	DecidePsyD{},
	Decline{},
	DeclineScreening{},
	DelistPlan{},
	Delivered{},
	DemoJoin{},
	Discharge{},
	DraftProfile{},
	DropPass{},
	EditHelp{},
	Enter{},
	Erase{},
	EraseAgain{},
	ExportClaims{},
	Fall{},
	FinishImport{},
	FinishTask{},
	Found{},
	GiveDetails{},
	GivePass{},
	Hand{},
	Hold{},
	Import{},
	ImportEmployers{},
	ImportPlans{},
	InviteProvider{},
	InviteWaiting{},
	Join{},
	JoinWaitlist{},
	KeepFigures{},
	KeepWall{},
	Lease{},
	Leave{},
	LeaveProgramme{},
	LeaveWaitlist{},
	LetGo{},
	ListPlan{},
	NotAFit{},
	OpenAccount{},
	OptIn{},
	OtherTimes{},
	Outcome{},
	Pause{},
	Propose{},
	ProposeMatch{},
	PublishProfile{},
	PutPhoto{},
	Recompute{},
	Redeem{},
	RefuseErasure{},
	RefuseHandoff{},
	Reinstate{},
	RemovePhoto{},
	Request{},
	Reschedule{},
	Resume{},
	Retake{},
	RetireHandoffKey{},
	SaveAnswers{},
	SendHead{},
	SendLink{},
	SetAddresses{},
	SetCaseload{},
	SetDegrees{},
	SetFee{},
	SetHours{},
	SetProfile{},
	SetSharing{},
	SetTerms{},
	SetVirtual{},
	SettleClaim{},
	StayOnWaitlist{},
	Submit{},
	Suspend{},
	TakePhotoDown{},
	TouchPass{},
	Undelivered{},
	UpdateEmployer{},
	UpdateMe{},
	UseHandoff{},
	VerifyCoverage{},
	VoteHelp{},
	Withdraw{},
	WithdrawMatch{},
	WriteOff{},
	WriteToUs{},
}

// Kind is the name of an act's kind: that of its type.
func Kind(a Act) string { return reflect.TypeOf(a).Name() }

// Read gives the act of a kind that was written down as JSON.
func Read(kind string, body []byte) (Act, error) {
	for _, a := range kinds {
		if Kind(a) != kind {
			continue
		}
		into := reflect.New(reflect.TypeOf(a))
		if err := json.Unmarshal(body, into.Interface()); err != nil {
			return nil, fmt.Errorf("read act %s: %w", kind, err)
		}
		return into.Elem().Interface().(Act), nil
	}
	return nil, fmt.Errorf("this version knows no act %q", kind)
}
