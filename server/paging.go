package server

import (
	"math"
	"net/url"
	"strconv"

	"fittrackee/problem"
)

// paging is the part of a list that a request asks for.
type paging struct{ page, perPage int }

// readPaging reads ?page= and ?per_page=. A page below 1 counts as 1; more than mostPerPage are not given.
func readPaging(q url.Values, perPage, mostPerPage int) (p paging, err error) {
	p = paging{1, perPage}
	if err := readInt(q, "page", &p.page); err != nil {
		return p, err
	}
	if err := readInt(q, "per_page", &p.perPage); err != nil {
		return p, err
	}
	if p.perPage < 0 {
		return p, problem.ErrInvalidPayload
	}
	p.page = max(p.page, 1)
	p.perPage = min(p.perPage, mostPerPage)
	return p, nil
}

// offset returns how many entries come before the page. It is capped: no list is that long.
func (p paging) offset() int {
	if p.perPage > 0 && p.page-1 > math.MaxInt32/p.perPage {
		return math.MaxInt32
	}
	return (p.page - 1) * p.perPage
}

// readInt reads a whole number from a query into the given place, which stays as it is when there is none.
func readInt(q url.Values, name string, into *int) error {
	text := q.Get(name)
	if text == "" {
		return nil
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		return problem.ErrInvalidPayload.With(err)
	}
	*into = n
	return nil
}

// readFlag reads a query's true or false; anything else is false.
func readFlag(q url.Values, name string) bool {
	v, err := strconv.ParseBool(q.Get(name))
	return err == nil && v
}

// readDescending reads ?order=, which is asc or desc.
func readDescending(q url.Values, isDescending bool) (bool, error) {
	switch q.Get("order") {
	case "":
		return isDescending, nil
	case "asc":
		return false, nil
	case "desc":
		return true, nil
	}
	return false, problem.ErrInvalidPayload
}

// paginationShape tells where a page is in its list.
type paginationShape struct {
	HasNext bool  `json:"has_next"`
	HasPrev bool  `json:"has_prev"`
	Page    int   `json:"page"`
	Pages   int64 `json:"pages"`
	Total   int64 `json:"total"`
}

func (p paging) shape(total int64) paginationShape {
	var pages int64
	if n := int64(p.perPage); n > 0 {
		pages = (total + n - 1) / n
	}
	return paginationShape{
		HasNext: int64(p.page) < pages,
		HasPrev: p.page > 1,
		Page:    p.page,
		Pages:   pages,
		Total:   total,
	}
}
