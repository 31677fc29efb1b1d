package server

import "net/http"

// equipments lists the caller's equipment. There is none yet, and programs ask for it. GET /api/equipments
func (s *Server) equipments(w http.ResponseWriter, _ *http.Request) error {
	return sendData(w, struct {
		Equipments []struct{} `json:"equipments"`
	}{[]struct{}{}})
}

// equipmentTypes lists the kinds of equipment. GET /api/equipment-types
func (s *Server) equipmentTypes(w http.ResponseWriter, _ *http.Request) error {
	return sendData(w, struct {
		EquipmentTypes []struct{} `json:"equipment_types"`
	}{[]struct{}{}})
}
